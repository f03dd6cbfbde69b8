"""Profiles: what a source of examples holds, and what there is to beware of before anything is learned from it."""

from limpid.profile.figures import ColumnFigures
from limpid.profile.findings import Finding
from limpid.profile.looking import profile_of, suspects_of
from limpid.profile.result import ArrayFigures, Profile
from limpid.profile.targets import Target

__all__ = ["ArrayFigures", "ColumnFigures", "Finding", "Profile", "Target", "profile_of", "suspects_of"]
