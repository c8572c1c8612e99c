"""Use cases. One public function is one thing a person does, and one transaction."""
