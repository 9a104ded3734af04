"""Makes the project's own environment in .venv: `environment.py core` to run, `dev` to test.

Needs nothing but Python and parses on every Python 3, so that an old one can be told what is
wrong. Whatever fails is one line that says what to do; build/environment.log has the rest.
"""

import hashlib
import io
import os
import subprocess
import sys

OLDEST = (3, 11)
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin", "python")
LOG = os.path.join(ROOT, "build", "environment.log")
STAMP = os.path.join(VENV, "ropewatch.stamp")
SEE_LOG = "; the whole log is build/environment.log"


class BootstrapError(Exception):
    """One line for the person who started us."""


def say(line):
    print("environment: " + line)
    sys.stdout.flush()


def newer_python():
    """Return a Python on the PATH that is new enough, or None."""
    for minor in range(20, OLDEST[1] - 1, -1):
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            path = os.path.join(folder, "python3.%d" % minor)
            if os.access(path, os.X_OK) and answers(path):
                return path
    return None


def answers(python):
    try:
        with open(os.devnull, "w") as nothing:
            return subprocess.call([python, "-c", ""], stderr=nothing) == 0
    except OSError:
        return False


def has_module(name):
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def key_of(*names):
    """Return one word for this place, this Python and the content of the files named."""
    digest = hashlib.sha256(repr((ROOT, sys.version)).encode())
    for name in names:
        with open(os.path.join(ROOT, name), "rb") as source:
            digest.update(source.read())
    return digest.hexdigest()


def lock_key(kind):
    return key_of("requirements/%s.txt" % kind)


def ropewatch_key():
    return key_of("pyproject.toml", "requirements/hatch_build.py")


def found_keys():
    """Return what .venv holds; nothing where its Python is gone or is not this one."""
    if not os.path.exists(PYTHON) or not os.path.exists(STAMP):
        return []
    with open(STAMP) as stamp:
        found = stamp.read().split()
    return found if key_of() in found else []


def write_keys(*keys):
    with open(STAMP, "w") as stamp:
        stamp.write("\n".join((key_of(),) + keys))


def run(command, show):
    """Run `command`, log and `show` every line it says; return (exit code, lines)."""
    lines = []
    with io.open(LOG, "a", encoding="utf-8") as log:
        log.write("$ " + " ".join(command) + "\n")
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            log.write(line + "\n")
            log.flush()
            lines.append(line)
            show(line)
        return process.wait(), lines


def quiet(line):
    pass


def make_venv():
    """Make .venv and return the command that is its pip."""
    if has_module("ensurepip") and has_module("venv"):
        code, _ = run([sys.executable, "-m", "venv", "--clear", VENV], quiet)
        if code == 0:
            return [PYTHON, "-m", "pip"]
    elif has_module("venv") and has_module("pip"):
        # Debian keeps ensurepip in a package of its own; a pip that is there serves any Python.
        code, _ = run([sys.executable, "-m", "venv", "--clear", "--without-pip", VENV], quiet)
        if code == 0:
            return [sys.executable, "-m", "pip", "--python", PYTHON]
    else:
        raise BootstrapError(
            "this Python cannot make an environment: install its venv package "
            "(Debian, Ubuntu: apt-get install python%d.%d-venv) and run the same command again"
            % sys.version_info[:2]
        )
    raise BootstrapError("making .venv failed: see that %s can be written" % ROOT + SEE_LOG)


def progress(total):
    """Return a function that turns pip's lines into a few of ours."""
    seen = []

    def show(line):
        words = line.split()
        if line.startswith("Collecting ") and len(words) > 1:
            seen.append(words[1])
            if len(seen) % 10 == 0:
                say("fetched %d of about %d packages" % (len(seen), total))
        elif line.startswith("Installing collected packages"):
            say("unpacking %d packages" % len(seen))

    return show


def why(lines):
    """Return the most telling line of a failed pip."""
    text = "\n".join(lines)
    if "DO NOT MATCH THE HASHES" in text:
        return (
            "a downloaded package is not the one that was locked; if a mirror is in use, check it"
        )
    if "No space left on device" in text:
        return "the disk is full: free 1 GB and run the same command again"
    errors = [line for line in lines if line.lstrip().upper().startswith("ERROR")]
    said = (errors or [line for line in lines if line.strip()] or ["no word from pip"])[0]
    return (
        "a download or install failed (%s): check the network, proxy and package index "
        "settings and run the same command again" % said.strip()[:200]
    )


def fetch(pip, kind):
    lock = os.path.join(HERE, kind + ".txt")
    with open(lock) as source:
        total = sum(1 for line in source if "==" in line)
    say("fetching about %d packages, hashes checked" % total)
    options = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    code, lines = run(
        pip + ["install"] + options + ["--require-hashes", "-r", lock], progress(total)
    )
    if code:
        raise BootstrapError(why(lines) + SEE_LOG)


def screens():
    """Build the screens where their sources changed; instant otherwise."""
    code = subprocess.call([PYTHON, os.path.join(HERE, "screens.py")], cwd=ROOT)
    if code:
        raise SystemExit(code)


def install_ropewatch(pip):
    options = ["--disable-pip-version-check", "--no-input", "--no-deps"]
    code, lines = run(pip + ["install"] + options + ["--no-build-isolation", "-e", ROOT], quiet)
    if code:
        raise BootstrapError(why(lines) + SEE_LOG)


def pip_of_venv():
    if os.path.exists(os.path.join(os.path.dirname(PYTHON), "pip")):
        return [PYTHON, "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", PYTHON]


def prepare(kind):
    """Bring .venv to `kind`: at once when it stands, else from what is there or from nothing."""
    found = found_keys()
    # dev holds all of core, so an environment for tests serves to run as well.
    locks = [lock_key("dev")] if kind == "dev" else [lock_key("dev"), lock_key("core")]
    lock = next((key for key in locks if key in found), None)
    if lock and ropewatch_key() in found:
        screens()
        return
    if not os.path.isdir(os.path.dirname(LOG)):
        os.makedirs(os.path.dirname(LOG))
    io.open(LOG, "w").close()
    if not lock:
        say("preparing .venv (%s) with Python %d.%d.%d" % ((kind,) + sys.version_info[:3]))
        pip = pip_of_venv() if found else make_venv()
        write_keys()  # what is half done must not pass for what was there before
        fetch(pip, kind)
        lock = lock_key(kind)
        write_keys(lock)
    screens()
    install_ropewatch(pip_of_venv())
    write_keys(lock, ropewatch_key())
    say("ready")


def hand_over(arguments):
    """Let a newer Python on the PATH do it, or say that there is none."""
    newer = newer_python()
    if newer:
        return subprocess.call([newer, os.path.abspath(__file__)] + arguments)
    say(
        "Python %d.%d or newer is needed and this is %d.%d: install a newer one, or name one "
        "with `PYTHON=/path/to/python3 make ...`" % (OLDEST + tuple(sys.version_info[:2]))
    )
    return 1


def main(arguments):
    if arguments not in (["core"], ["dev"]):
        say("usage: environment.py core|dev")
        return 2
    if sys.version_info < OLDEST:
        return hand_over(arguments)
    try:
        prepare(arguments[0])
    except BootstrapError as problem:
        say(str(problem))
    except (IOError, OSError) as problem:
        say("%s: see that this folder can be written and has space" % problem)
    except KeyboardInterrupt:
        say("stopped; run the same command again to go on")
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
