"""Memory of the machine, made ready before a clock starts.

On a virtual machine the host charges for memory that was idle a second ago, at times more than what is measured takes, and
it charges whoever comes first. So each process that is timed first writes to more memory than any of the tools needs, and
gives it back.
"""

TOUCH = "__import__('numpy').ones(6 * 2**27)  # six gigabytes, given back at once"
