"""The picture and the hands: everything that a person sees, and everything that can be done by hand.

PySide looks through the source of every module that is imported after it, for a feature that nothing here
uses. That costs some thirty milliseconds of a start, so Python's own import is put back.
"""

import builtins

_plain_import = builtins.__import__
import PySide6.QtCore  # noqa: E402, F401

builtins.__import__ = _plain_import
