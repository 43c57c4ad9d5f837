#!/usr/bin/python3
import os, socket, subprocess, sys
ours, its = socket.socketpair()
stat = os.fstat(its.fileno())
daemon = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=its, stderr=subprocess.STDOUT,
                          env={**os.environ, 'JOURNAL_STREAM': '%d:%d' % (stat.st_dev, stat.st_ino)})
its.close()
text = b''
while b'typo' not in text or b' ready at ' not in text:
    piece = ours.recv(65536)
    if not piece: break
    text += piece
daemon.terminate()
daemon.wait()
sys.stdout.write(text.decode())
