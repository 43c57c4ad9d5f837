#!/usr/bin/env python3
"""A master for one call or one build, for a network namespace that the test itself is not in.

usage: drive.py URL call METHOD           calls, and prints the answer as JSON
       drive.py URL wait STATUS           waits until builder_status is that, and prints the status as JSON
       drive.py URL fetch SHA1            writes a file of the cache to standard output
       drive.py URL start UNTIL ID CHROOT SUITE ARCH FILE...
                                          serves the files and an empty archive, has a binarypackage build of them begin,
                                          and prints the status when it is WAITING, or when the log has the text UNTIL
       drive.py URL archive SUITE         serves an empty archive at URL until it is killed; says 'ready'
"""
import functools
import hashlib
import http.server
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
import xmlrpc.client

DEADLINE = 300


def plain(value):
    if isinstance(value, xmlrpc.client.Binary):
        return value.data.decode(errors='replace')
    if isinstance(value, xmlrpc.client.DateTime):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    return value


def wait(slave, wanted):
    end = time.monotonic() + DEADLINE
    while (status := slave.status())['builder_status'] != wanted:
        if time.monotonic() > end:
            sys.exit('still %s after %d s' % (plain(status), DEADLINE))
        time.sleep(0.3)
    return status


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def make_archive(folder, suite):
    os.mkdir(folder)
    open(os.path.join(folder, 'Packages'), 'w').close()
    with open(os.path.join(folder, 'Release'), 'w') as release:
        release.write('Suite: %s\nCodename: %s\nDate: Mon, 01 Jan 2024 00:00:00 UTC\nSHA256:\n %s 0 Packages\n'
                      % (suite, suite, hashlib.sha256(b'').hexdigest()))


def serve_archive(url, suite):
    with tempfile.TemporaryDirectory() as folder:
        make_archive(os.path.join(folder, 'archive'), suite)
        handler = functools.partial(Quiet, directory=folder)
        server = http.server.ThreadingHTTPServer(('127.0.0.1', urllib.parse.urlsplit(url).port), handler)
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        print('ready', flush=True)
        server.serve_forever()


def start(slave, build_id, chroot, suite, arch, sources, until):
    with tempfile.TemporaryDirectory() as folder:
        for name in [chroot] + sources:
            os.symlink(name, os.path.join(folder, os.path.basename(name)))
        make_archive(os.path.join(folder, 'archive'), suite)
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = 'http://127.0.0.1:%d/' % server.server_address[1]

        def give(path):
            with open(path, 'rb') as file:
                sha1 = hashlib.file_digest(file, 'sha1').hexdigest()
            there, said = slave.ensurepresent(sha1, url + os.path.basename(path), '', '')
            if not there:
                sys.exit('%s is not there: %s' % (path, said))
            return sha1

        slave.build(build_id, 'binarypackage', give(chroot), {os.path.basename(name): give(name) for name in sources},
                    {'series': suite, 'suite': suite, 'ogrecomponent': 'main', 'arch_tag': arch,
                     'archives': ['deb [trusted=yes] %sarchive/ ./' % url]})
        if until == 'WAITING':
            return wait(slave, 'BuilderStatus.WAITING')
        end = time.monotonic() + DEADLINE
        while True:
            status = slave.status()
            if until in plain(status.get('logtail', '')):
                return status
            if status['builder_status'] != 'BuilderStatus.BUILDING' or time.monotonic() > end:
                sys.exit('the log never had %r: %s' % (until, plain(status)))
            time.sleep(0.3)


def main(url, what, *arguments):
    slave = xmlrpc.client.ServerProxy(url + 'rpc', allow_none=True)
    if what == 'call':
        print(json.dumps(plain(getattr(slave, arguments[0])())))
    elif what == 'wait':
        print(json.dumps(plain(wait(slave, arguments[0]))))
    elif what == 'fetch':
        with urllib.request.urlopen(url + 'filecache/' + arguments[0]) as answer:
            shutil.copyfileobj(answer, sys.stdout.buffer)
    elif what == 'archive':
        serve_archive(url, arguments[0])
    elif what == 'start':
        until, build_id, chroot, suite, arch, *sources = arguments
        print(json.dumps(plain(start(slave, build_id, chroot, suite, arch, sources, until))))
    else:
        sys.exit(__doc__)


main(*sys.argv[1:])
