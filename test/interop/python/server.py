"""Serves the desk with Apache's library: server.py '[{"flavour", "version", "port"}]' prints a line once all listen."""
import json
import sys
import threading

from desk import Handler, Processor
from flavours import factories
from thrift.TMultiplexedProcessor import TMultiplexedProcessor
from thrift.server.TServer import TThreadedServer
from thrift.transport.TSocket import TServerSocket


class TellingSocket(TServerSocket):
    def __init__(self, port, listening):
        super().__init__('127.0.0.1', port)
        self.listening = listening

    def listen(self):
        super().listen()
        self.listening.set()


def processor(version):
    """The desk, called plainly or as one of two services."""
    desk = Processor(Handler(version))
    both = TMultiplexedProcessor()
    both.registerDefault(desk)
    for service in ('desk', 'admin'):
        both.registerProcessor(service, desk)
    return both


def serve(flavour, version, port):
    listening = threading.Event()
    server = TThreadedServer(processor(version), TellingSocket(port, listening), *factories(flavour), daemon=True)
    threading.Thread(target=server.serve, daemon=True).start()
    listening.wait()


for one in json.loads(sys.argv[1]):
    serve(**one)
print('listening', flush=True)
# Until whoever started this closes its end.
sys.stdin.read()
