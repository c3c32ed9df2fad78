"""Everything that knows pytest: options, collection, fixtures, report. The core is below."""
