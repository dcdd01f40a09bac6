"""The demonstration year: demo/programme.yaml.gz played through the ordinary verbs in time order."""

from govapp.services.demo.seed import seed_programme

__all__ = ["seed_programme"]
