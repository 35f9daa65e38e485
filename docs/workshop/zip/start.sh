#!/bin/sh
# Makes an environment beside this file the first time, from the wheels here and without a network; then opens the first tutorial.
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-python@PYTHON@}
if ! "$python" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "@PYTHON@")' 2>/dev/null; then
  echo "This needs Python @PYTHON@, which was not found. Install it, or name one: PYTHON=/path/to/python@PYTHON@ sh start.sh" >&2
  exit 2
fi
if [ ! -e .venv/ready ]; then
  echo "Making the environment in $PWD/.venv (a minute or two) …"
  "$python" -m venv --clear .venv
  .venv/bin/python -m pip --isolated --disable-pip-version-check install --quiet --no-index --find-links wheels @EXTRAS@
  touch .venv/ready
fi
PATH="$PWD/.venv/bin:$PATH"
cd notebooks
exec jupyter lab --LabApp.news_url= --LabApp.extension_manager=readonly "$@" 01_first_look.ipynb
