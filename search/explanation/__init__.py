"""Why a mix helps, and what to try on a target that nobody measured."""
