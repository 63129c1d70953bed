"""What people and programs do about the files of single recipients."""
