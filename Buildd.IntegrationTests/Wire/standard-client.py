#!/usr/bin/python3
import sys, xmlrpc.client, time
s = xmlrpc.client.ServerProxy(sys.argv[1] + 'rpc', allow_none=True)
assert s.echo('a', 1, None, [True, 2.5]) == ['a', 1, None, [True, 2.5]]
assert s.info()[0] == '1.0'
assert s.status() == {'builder_status': 'BuilderStatus.IDLE', 'builder_version': '254'}
assert s.ensurepresent('c1d80674d731fd6af61ded171202b8424147b17b', 'http://127.0.0.1:9/', '', '') == [True, 'Cache']
print(s.build('B-1', 'binarypackage', 'c1d80674d731fd6af61ded171202b8424147b17b', {}, {}))
while not s.status().get('logtail').data: time.sleep(0.01)
print(s.abort())
while s.status()['builder_status'] != 'BuilderStatus.WAITING': time.sleep(0.01)
print(sorted(s.status().items()))
print(s.clean())
try: s.clean()
except xmlrpc.client.Fault as f: print(f.faultCode, f.faultString)
