"""service Desk, in the shape of the Thrift compiler's output for Python and smaller:

    exception Refused { 1: string why }
    struct Item { 1: string label, 2: list<i32> sizes }
    struct Everything {
      1: bool yes, 2: byte tiny, 3: i16 small, 4: i32 medium, 5: i64 large, 6: double real, 7: string text,
      8: binary raw, 9: list<Item> items, 10: set<i16> numbers, 11: map<string, list<bool>> table, 12: uuid id
    }
    service Desk {
      string greet(1: string name) throws (1: Refused refused)
      string greetBeta(1: string name) throws (1: Refused refused)
      Everything reflect(1: Everything thing)
      oneway void note(1: string text)
      list<string> notes()
    }
"""
import uuid

from thrift.protocol.TBase import TBase, TExceptionBase
from thrift.Thrift import TApplicationException, TMessageType, TProcessor, TType

STRING = (TType.STRING, 'UTF8')


def struct(name, fields, base=TBase):
    """A struct class; each field is (id, type, name, what the type is made of)."""
    names = [field[2] for field in fields]

    def init(self, **values):
        for each in names:
            setattr(self, each, values.get(each))

    spec = [None] * (max((field[0] for field in fields), default=-1) + 1)
    for field in fields:
        spec[field[0]] = (*field, None)
    return type(name, (base,), {'__slots__': names, '__init__': init, 'thrift_spec': tuple(spec)})


Refused = struct('Refused', [(1, TType.STRING, 'why', 'UTF8')], TExceptionBase)
Item = struct('Item', [(1, TType.STRING, 'label', 'UTF8'), (2, TType.LIST, 'sizes', (TType.I32, None, False))])
Everything = struct('Everything', [
    (1, TType.BOOL, 'yes', None),
    (2, TType.BYTE, 'tiny', None),
    (3, TType.I16, 'small', None),
    (4, TType.I32, 'medium', None),
    (5, TType.I64, 'large', None),
    (6, TType.DOUBLE, 'real', None),
    (7, TType.STRING, 'text', 'UTF8'),
    (8, TType.STRING, 'raw', 'BINARY'),
    (9, TType.LIST, 'items', (TType.STRUCT, [Item, Item.thrift_spec], False)),
    (10, TType.SET, 'numbers', (TType.I16, None, False)),
    (11, TType.MAP, 'table', (TType.STRING, 'UTF8', TType.LIST, (TType.BOOL, None, False), False)),
    (12, TType.UUID, 'id', None),
])

everything = Everything(
    yes=True, tiny=-1, small=-300, medium=1 << 30, large=-(1 << 62), real=2.5, text='gr\u00fc\u00df', raw=b'\x00\xff\x80',
    items=[Item(label=f'item {i}', sizes=list(range(i))) for i in range(40)], numbers={1, -2, 3000},
    table={'a': [True, False], 'b': []}, id=uuid.UUID('00112233-4455-6677-8899-aabbccddeeff'),
)

named = [(1, TType.STRING, 'argument', 'UTF8')]
greeted = [(0, TType.STRING, 'success', 'UTF8'), (1, TType.STRUCT, 'refused', [Refused, Refused.thrift_spec])]
reflecting = [TType.STRUCT, 'success', [Everything, Everything.thrift_spec]]
GreetArgs, GreetResult = struct('greet_args', named), struct('greet_result', greeted)
ReflectArgs = struct('reflect_args', [(1, TType.STRUCT, 'argument', reflecting[2])])
ReflectResult = struct('reflect_result', [(0, *reflecting)])
NotesArgs = struct('notes_args', [])
NotesResult = struct('notes_result', [(0, TType.LIST, 'success', (TType.STRING, 'UTF8', False))])

"""Arguments and result of each method; a oneway method has no result."""
METHODS = {
    'greet': (GreetArgs, GreetResult),
    'greetBeta': (GreetArgs, GreetResult),
    'lost': (GreetArgs, GreetResult),
    'nowhere': (GreetArgs, GreetResult),
    'down': (GreetArgs, GreetResult),
    'missing': (GreetArgs, GreetResult),
    'reflect': (ReflectArgs, ReflectResult),
    'note': (GreetArgs, None),
    'notes': (NotesArgs, NotesResult),
}


class Client:
    def __init__(self, protocol):
        self.protocol = protocol
        self.sequence = 0

    def call(self, method, argument=None):
        args_class, result_class = METHODS[method]
        self.sequence += 1
        kind = TMessageType.ONEWAY if result_class is None else TMessageType.CALL
        args = args_class() if argument is None else args_class(argument=argument)
        self.protocol.writeMessageBegin(method, kind, self.sequence)
        args.write(self.protocol)
        self.protocol.writeMessageEnd()
        self.protocol.trans.flush()
        return None if result_class is None else self.receive(method, result_class())

    def receive(self, method, result):
        name, kind, sequence = self.protocol.readMessageBegin()
        if kind == TMessageType.EXCEPTION:
            exception = TApplicationException()
            exception.read(self.protocol)
            self.protocol.readMessageEnd()
            self.check(name == method and sequence == self.sequence, TApplicationException.BAD_SEQUENCE_ID)
            raise exception
        result.read(self.protocol)
        self.protocol.readMessageEnd()
        self.check(name == method and sequence == self.sequence, TApplicationException.BAD_SEQUENCE_ID)
        if getattr(result, 'refused', None) is not None:
            raise result.refused
        self.check(result.success is not None, TApplicationException.MISSING_RESULT)
        return result.success

    @staticmethod
    def check(is_good, kind):
        if not is_good:
            raise AssertionError(f'the reply belongs to another call ({kind})')


class Processor(TProcessor):
    def __init__(self, handler):
        self.handler = handler

    def process(self, input, output):
        method, _kind, sequence = input.readMessageBegin()
        function = getattr(self.handler, method, None)
        if method not in METHODS or function is None:
            input.skip(TType.STRUCT)
            input.readMessageEnd()
            unknown = TApplicationException(TApplicationException.UNKNOWN_METHOD, f'Unknown function {method}')
            return self.reply(output, method, TMessageType.EXCEPTION, sequence, unknown)
        args_class, result_class = METHODS[method]
        args = args_class()
        args.read(input)
        input.readMessageEnd()
        parameters = [args.argument] if hasattr(args, 'argument') else []
        if result_class is None:
            function(*parameters)
            return None
        kind = TMessageType.REPLY
        try:
            answer = result_class(success=function(*parameters))
        except Refused as refused:
            answer = result_class(refused=refused)
        except Exception as error:
            kind = TMessageType.EXCEPTION
            answer = TApplicationException(TApplicationException.INTERNAL_ERROR, str(error))
        return self.reply(output, method, kind, sequence, answer)

    @staticmethod
    def reply(output, method, kind, sequence, answer):
        output.writeMessageBegin(method, kind, sequence)
        answer.write(output)
        output.writeMessageEnd()
        output.trans.flush()


class Handler:
    def __init__(self, version):
        self.version = version
        self.noted = []

    def greet(self, name):
        if name == 'declared':
            raise Refused(why='as declared')
        if name == 'undeclared':
            raise ValueError('as nobody declared')
        return f'{self.version}: hello {name}'

    greetBeta = greet

    def reflect(self, thing):
        return thing

    def note(self, text):
        self.noted.append(text)

    def notes(self):
        return self.noted
