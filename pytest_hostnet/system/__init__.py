"""The seams to the machine: time, commands, and the error every part of the project raises."""
