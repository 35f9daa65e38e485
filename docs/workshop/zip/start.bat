@echo off
rem Makes an environment beside this file the first time, from the wheels here and without a network; then opens the first tutorial.
cd /d "%~dp0"
py -@PYTHON@ --version >nul 2>&1
if errorlevel 1 (
  echo This needs Python @PYTHON@, which was not found. Install it with the py launcher, then start this again.
  pause
  exit /b 2
)
if not exist .venv\ready (
  echo Making the environment in %CD%\.venv, a minute or two ...
  py -@PYTHON@ -m venv --clear .venv || exit /b 1
  .venv\Scripts\python -m pip --isolated --disable-pip-version-check install --quiet --no-index --find-links wheels @EXTRAS@ || exit /b 1
  echo ready> .venv\ready
)
set "PATH=%CD%\.venv\Scripts;%PATH%"
cd notebooks
jupyter lab --LabApp.news_url= --LabApp.extension_manager=readonly %* 01_first_look.ipynb
