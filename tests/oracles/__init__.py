"""Independent answers that the tests compare with: slow, exact, and written without the code under test."""
