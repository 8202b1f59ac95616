"""The page of `lab.explore`: controls that its script connects to the server it came from."""
