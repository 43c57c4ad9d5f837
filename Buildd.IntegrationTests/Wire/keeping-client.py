#!/usr/bin/python3
import sys, xmlrpc.client

ports, offers = set(), 0

class Watched(xmlrpc.client.Transport):
    def send_headers(self, connection, headers):
        global offers
        offers += ('Accept-Encoding', 'gzip') in headers
        super().send_headers(connection, headers)

    def parse_response(self, response):
        assert response.getheader('Content-Encoding') is None
        assert response.getheader('Transfer-Encoding') is None
        ports.add(self._connection[1].sock.getsockname())
        return super().parse_response(response)

s = xmlrpc.client.ServerProxy(sys.argv[1] + 'rpc', Watched(), allow_none=True)
for i in range(20):
    assert s.echo('x' * 100000 * (i % 3)) == ['x' * 100000 * (i % 3)]
    try: s.clean()
    except xmlrpc.client.Fault as f: assert f.faultCode == 8002
print(offers, len(ports))
