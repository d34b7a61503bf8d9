"""The kit that emulated vendors are built with: one process, real HTTP, a control API, faults."""
