"""Apache's transports and protocols, by the names that the tests call their combinations."""
from thrift.protocol.TBinaryProtocol import TBinaryProtocolFactory
from thrift.protocol.TCompactProtocol import TCompactProtocolFactory
from thrift.protocol.THeaderProtocol import THeaderProtocolFactory
from thrift.transport.THeaderTransport import THeaderClientType, THeaderSubprotocolID
from thrift.transport.TTransport import TBufferedTransportFactory, TFramedTransportFactory, TTransportFactoryBase

transports = {'framed': TFramedTransportFactory, 'buffered': TBufferedTransportFactory, 'header': TTransportFactoryBase}
protocols = {
    'binary': TBinaryProtocolFactory,
    'lax': lambda: TBinaryProtocolFactory(strictRead=False, strictWrite=False),
    'compact': TCompactProtocolFactory,
}
everyone = tuple(vars(THeaderClientType)[name] for name in vars(THeaderClientType) if name.isupper())
subprotocols = {'binary': THeaderSubprotocolID.BINARY, 'compact': THeaderSubprotocolID.COMPACT}


def factories(flavour):
    """Transport and protocol factory of `framed-binary`, `header-compact` and so on."""
    transport, protocol = flavour.split('-')
    if transport == 'header':
        return TTransportFactoryBase(), THeaderProtocolFactory(everyone, subprotocols[protocol])
    return transports[transport](), protocols[protocol]()
