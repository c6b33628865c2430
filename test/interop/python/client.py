"""Calls the desk with Apache's library. Each line of input is one connection and its calls, each of output their results:

    {"flavour": "framed-binary", "host": "127.0.0.1", "port": 9090, "headers": {}, "service": "", "calls": [["greet", "Ada"]]}
    [{"result": "v1: hello Ada"}]
"""
import json
import sys

from desk import Client, Refused, everything
from flavours import factories
from thrift.Thrift import TApplicationException
from thrift.protocol.TMultiplexedProtocol import TMultiplexedProtocol
from thrift.transport.TSocket import TSocket


def outcome(client, method, argument=None):
    try:
        result = client.call(method, everything if method == 'reflect' else argument)
        return {'result': result == everything if method == 'reflect' else result}
    except Refused as refused:
        return {'refused': refused.why}
    except TApplicationException as exception:
        return {'exception': exception.type, 'message': exception.message}
    except Exception as error:
        return {'failed': f'{type(error).__name__}: {error}'}


def session(flavour, host, port, calls, headers, service):
    socket = TSocket(host, port)
    socket.setTimeout(10_000)
    transports, protocols = factories(flavour)
    protocol = protocols.getProtocol(transports.getTransport(socket))
    protocol.trans.open()
    try:
        results = []
        client = Client(TMultiplexedProtocol(protocol, service) if service else protocol)
        for call in calls:
            for key, value in headers.items():
                protocol.set_header(key.encode(), value.encode())
            results.append(outcome(client, *call))
        return results
    finally:
        protocol.trans.close()


for line in sys.stdin:
    print(json.dumps(session(**json.loads(line))), flush=True)
