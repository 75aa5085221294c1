"""A part of the plugin that cannot be imported here, as happens to plugins."""

import a_package_that_nobody_installed  # noqa: F401
