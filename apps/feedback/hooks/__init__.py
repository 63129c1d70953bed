"""What providers post to ``/hooks/<provider>/<secret>/``: verified first, then taken apart."""
