#!/usr/bin/python3
import sys
from twisted.internet import defer, task
from twisted.web import client, xmlrpc

url, sha1, source = sys.argv[1:]

@defer.inlineCallbacks
def drive(reactor):
    call = xmlrpc.Proxy(url.encode() + b'rpc', allowNone=True).callRemote
    def until(wanted):
        return poll(lambda status: status['builder_status'] == 'BuilderStatus.' + wanted)
    @defer.inlineCallbacks
    def poll(enough):
        while not enough((yield call('status'))):
            yield task.deferLater(reactor, 0.01)
    print((yield call('echo', 'ping', None, 'gr\u00fc\u00df')))
    print((yield call('info'))[0])
    print((yield call('ensurepresent', sha1, source, '', '')))
    print((yield call('ensurepresent', sha1, source, '', '')))
    print((yield call('status')))
    print((yield call('build', 'B-1', 'binarypackage', sha1, {}, {'series': 'bookworm'})))
    yield poll(lambda status: status['logtail'].data)
    print((yield call('status'))['logtail'].data.decode().endswith('made the result\n'))
    print((yield call('abort')))
    yield until('WAITING')
    print((yield call('status'))['build_status'])
    log = yield client.Agent(reactor).request(b'GET', url.encode() + b'filecache/buildlog')
    print(log.code, 'made the result' in (yield client.readBody(log)).decode())
    print((yield call('clean')))
    try:
        yield call('clean')
    except xmlrpc.Fault as f:
        print(f.faultCode, f.faultString)

task.react(drive)
