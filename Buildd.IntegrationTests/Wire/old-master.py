#!/usr/bin/python3
import sys, time, xmlrpc.client
s = xmlrpc.client.ServerProxy(sys.argv[1] + 'rpc', allow_none=True)
chroot, dsc = sys.argv[2:]
print(s.status_dict()['builder_status'])
print(s.ensurepresent(chroot, None), s.ensurepresent(dsc, 'http://127.0.0.1:9/'))
print(s.build('22-33', 'binarypackage', chroot, {'hello_1.0-1.dsc': dsc},
    {'arch_indep': False, 'archive_private': False, 'archive_purpose': 'PRIMARY', 'ogrecomponent': 'main',
     'suite': 'trusty-proposed', 'archives': ['deb http://archive.example/ubuntu trusty main'], 'build_debug_symbols': False}))
while s.status_dict()['builder_status'] != 'BuilderStatus.WAITING': time.sleep(0.01)
print(s.status_dict()['build_status'], list(s.status_dict()['filemap']))
print(s.clean(), s.status_dict() == s.status())
