"""Data files that come with the lab; see LICENSE.txt for where they come from."""
