"""The foreign side of the interoperability tests: a server and a client on Debian's python3-grpcio (C-core).

Generic handlers with raw bytes; the two messages are encoded by hand, so nothing is generated.
  server <unix path> <certificate folder>        prints "ready <tcp port> <tls port>", ends when stdin ends
  client <target> [<certificate folder>]         prints one line per case: "ok <case>" or "FAIL <case>: <why>"
"""
import os
import sys
import threading
import time
from concurrent import futures

import grpc

BYTES = bytes([0, 1, 254, 255])


def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def encode(fields):
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            if value:
                out += varint(number << 3) + varint(value)
            continue
        data = value.encode() if isinstance(value, str) else value
        if data:
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def decode(data):
    found, i = {}, 0

    def read():
        nonlocal i
        n = shift = 0
        while True:
            b = data[i]
            i += 1
            n |= (b & 0x7F) << shift
            shift += 7
            if b < 0x80:
                return n

    while i < len(data):
        key = read()
        if key & 7 == 0:
            n = read()
            found[key >> 3] = n - (1 << 64) if n >> 63 else n
        else:
            size = read()
            found[key >> 3] = data[i:i + size]
            i += size
    return found


class Ask:
    def __init__(self, raw):
        f = decode(raw)
        self.verb = f.get(1, b"").decode()
        self.text = f.get(2, b"").decode()
        self.number = f.get(3, 0)
        self.data = f.get(4, b"")


class Answer:
    def __init__(self, raw):
        f = decode(raw)
        self.text = f.get(1, b"").decode()
        self.number = f.get(2, 0)
        self.data = f.get(3, b"")


def ask(verb="", text="", number=0, data=b""):
    return encode([(1, verb), (2, text), (3, number), (4, data)])


def answer(text="", number=0, data=b""):
    return encode([(1, text), (2, number), (3, data)])


CODES = {code.value[0]: code for code in grpc.StatusCode}


def wait_for_cancel(context):
    gone = threading.Event()
    context.add_callback(gone.set)
    gone.wait(20)


def unary(raw, context):
    a = Ask(raw)
    given = dict(context.invocation_metadata())
    if a.verb == "fail":
        context.set_trailing_metadata((("x-extra", "tail"), ("x-trailer-bin", BYTES)))
        context.abort(CODES[a.number], a.text)
    if a.verb == "throw":
        raise ValueError("secret " + a.text)
    if a.verb == "wait":
        wait_for_cancel(context)
    if a.verb == "headers":
        context.send_initial_metadata((("x-out", given["x-in"]), ("x-out-bin", given["x-in-bin"])))
        context.set_trailing_metadata((("x-tail", "end"), ("x-tail-bin", BYTES)))
    if a.verb == "deadline":
        left = context.time_remaining()
        return answer(number=-1 if left is None or left > 1e8 else int(left * 1000))
    if a.verb == "make":
        return answer(data=bytes(a.number))
    if a.verb == "gzip":
        context.set_compression(grpc.Compression.Gzip)
        return answer("z" * a.number, len(a.data))
    return answer(a.text, a.number, a.data)


def upload(raws, context):
    count = size = 0
    for raw in raws:
        a = Ask(raw)
        if a.verb == "fail":
            context.abort(CODES[a.number], a.text)
        if a.verb == "stop":
            return answer("stopped", count)
        count += 1
        size += len(a.data)
    return answer(str(size), count)


def download(raw, context):
    a = Ask(raw)
    if a.verb == "headers":
        context.send_initial_metadata((("x-out", "early"),))
    if a.verb == "gzip":
        context.set_compression(grpc.Compression.Gzip)
    payload = bytes(1 << 20) if a.verb == "big" else b""
    for i in range(a.number):
        yield answer(a.text, i, payload)
    if a.verb == "fail":
        context.set_trailing_metadata((("x-trailer", "t"),))
        context.abort(grpc.StatusCode.ABORTED, a.text)
    if a.verb in ("wait", "headers"):
        wait_for_cancel(context)


def chat(raws, context):
    if "x-headers-first" in dict(context.invocation_metadata()):
        context.send_initial_metadata(())
    for raw in raws:
        a = Ask(raw)
        if a.verb == "fail":
            context.abort(CODES[a.number], a.text)
        if a.verb == "end":
            return
        yield answer(a.text, a.number, a.data)


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as f:
        return f.read()


def serve(unix_path, folder):
    server = grpc.server(futures.ThreadPoolExecutor(32))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("skep.probe.Probe", {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Upload": grpc.stream_unary_rpc_method_handler(upload),
        "Download": grpc.unary_stream_rpc_method_handler(download),
        "Chat": grpc.stream_stream_rpc_method_handler(chat),
    }),))
    server.add_insecure_port("unix:" + unix_path)
    tcp = server.add_insecure_port("127.0.0.1:0")
    tls = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(
        [(read(folder, "server.key"), read(folder, "server.pem"))], read(folder, "ca.pem"), require_client_auth=True))
    server.start()
    print("ready", tcp, tls, flush=True)
    sys.stdin.read()
    server.stop(0)


class Cases:
    def __init__(self, channel):
        self.unary = channel.unary_unary("/skep.probe.Probe/Unary")
        self.upload = channel.stream_unary("/skep.probe.Probe/Upload")
        self.download = channel.unary_stream("/skep.probe.Probe/Download")
        self.chat = channel.stream_stream("/skep.probe.Probe/Chat")
        self.channel = channel

    def fails(self, code, act, detail=None):
        try:
            got = act()
        except grpc.RpcError as e:
            assert e.code() == code, (e.code(), e.details())
            assert detail is None or e.details() == detail, e.details()
            return e
        raise AssertionError("no error but %r" % (got,))

    def case_unary(self):
        for _ in range(50):
            got = Answer(self.unary(ask("echo", "grüße", -7, BYTES), timeout=20))
            assert (got.text, got.number, got.data) == ("grüße", -7, BYTES)

    def case_empty_message(self):
        assert self.unary(b"", timeout=20) == b""

    def case_upload(self):
        got = Answer(self.upload((ask(data=bytes(1000)) for _ in range(100)), timeout=20))
        assert (got.number, got.text) == (100, "100000")

    def case_download(self):
        assert [Answer(r).number for r in self.download(ask(number=100), timeout=20)] == list(range(100))

    def case_download_buffered(self):
        assert [Answer(r).number for r in self.download(ask("hint", number=100), timeout=20)] == list(range(100))

    def case_download_nothing(self):
        assert list(self.download(ask(), timeout=20)) == []

    def case_chat_ping_pong(self):
        turn = threading.Semaphore(1)

        def asks():
            for i in range(50):
                turn.acquire()
                yield ask(number=i)

        count = 0
        for raw in self.chat(asks(), timeout=20):
            assert Answer(raw).number == count
            count += 1
            turn.release()
        assert count == 50

    def case_error_without_message(self):
        text = "nicht gefunden: 100 % größer\nzweite Zeile €"
        e = self.fails(grpc.StatusCode.NOT_FOUND, lambda: self.unary(ask("fail", text, 5), timeout=20), text)
        trailers = dict(e.trailing_metadata())
        assert trailers["x-extra"] == "tail" and trailers["x-trailer-bin"] == BYTES, trailers

    def case_error_after_messages(self):
        got = []
        e = self.fails(grpc.StatusCode.ABORTED, lambda: got.extend(self.download(ask("fail", "späte", 3), timeout=20)), "späte")
        assert len(got) == 3 and dict(e.trailing_metadata())["x-trailer"] == "t"

    def case_error_while_client_streams(self):
        def asks():
            yield ask("fail", "enough", 8)
            while True:
                yield ask(data=bytes(100000))
        self.fails(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: self.upload(asks(), timeout=20), "enough")
        self.fails(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: list(self.chat(asks(), timeout=20)), "enough")

    def case_answer_while_client_streams(self):
        def asks():
            yield ask()
            yield ask("stop")
            while True:
                yield ask(data=bytes(100000))
        assert Answer(self.upload(asks(), timeout=20)).text == "stopped"

    def case_metadata(self):
        out, call = self.unary.with_call(ask("headers"), timeout=20, metadata=(("x-in", "hello"), ("x-in-bin", BYTES)))
        initial, tail = dict(call.initial_metadata()), dict(call.trailing_metadata())
        assert initial["x-out"] == "hello" and initial["x-out-bin"] == BYTES, initial
        assert tail["x-tail"] == "end" and tail["x-tail-bin"] == BYTES, tail

    def case_headers_before_messages(self):
        call = self.download(ask("headers", "py-headers-%d" % id(self)), timeout=20)
        assert dict(call.initial_metadata())["x-out"] == "early"
        call.cancel()

    def case_server_sees_deadline(self):
        left, none = (Answer(self.unary(ask("deadline"), timeout=t)).number for t in (9, None))
        assert 5000 < left <= 9100 and none == -1, (left, none)

    def case_deadline(self):
        begun = time.monotonic()
        self.fails(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: self.unary(ask("wait", "py-deadline-%d" % id(self)), timeout=0.3))
        assert time.monotonic() - begun < 5

    def case_cancel(self):
        call = self.download(ask("wait", "py-cancel", 1), timeout=20)
        next(call)
        call.cancel()
        self.fails(grpc.StatusCode.CANCELLED, lambda: next(call))

    def case_unknown_method_and_service(self):
        for path in ("/skep.probe.Probe/Nope", "/skep.probe.Missing/Unary"):
            self.fails(grpc.StatusCode.UNIMPLEMENTED, lambda: self.channel.unary_unary(path)(ask(), timeout=20))

    def case_handler_throws(self):
        e = self.fails(grpc.StatusCode.UNKNOWN, lambda: self.unary(ask("throw", "x"), timeout=20))
        assert "secret" not in e.details()

    def case_too_large(self):
        self.fails(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: self.unary(ask(data=bytes(5 << 20)), timeout=20))
        self.fails(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: self.unary(ask("make", number=5 << 20), timeout=20))

    def case_bulk_both_ways(self):
        chunk = bytes(1 << 20)
        assert Answer(self.upload((ask(data=chunk) for _ in range(200)), timeout=60)).number == 200
        assert sum(len(Answer(r).data) for r in self.download(ask("big", number=200), timeout=60)) == 200 << 20

    def case_gzip_requests(self):
        got = Answer(self.unary(ask("echo", "a" * 50000), timeout=20, compression=grpc.Compression.Gzip))
        assert got.text == "a" * 50000
        got = Answer(self.upload((ask(data=bytes(5000)) for _ in range(20)), timeout=20, compression=grpc.Compression.Gzip))
        assert got.text == "100000"

    def case_gzip_responses(self):
        assert Answer(self.unary(ask("gzip", number=50000), timeout=20)).text == "z" * 50000
        assert [Answer(r).number for r in self.download(ask("gzip", "y" * 500, 20), timeout=20)] == list(range(20))

    def case_deflate_is_taken(self):
        got = Answer(self.unary(ask("echo", "a" * 5000), timeout=20, compression=grpc.Compression.Deflate))
        assert got.text == "a" * 5000

    def case_idle_stream_with_pings(self):
        call = self.download(ask("wait", "py-idle-%d" % id(self), 1), timeout=3)
        next(call)
        self.fails(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: next(call))

    def case_many_at_once(self):
        calls = [self.unary.future(ask("echo", number=i), timeout=20) for i in range(200)]
        assert [Answer(c.result()).number for c in calls] == list(range(200))


def client(target, folder):
    options = [("grpc.keepalive_time_ms", 1000), ("grpc.keepalive_timeout_ms", 5000),
               ("grpc.http2.max_pings_without_data", 0), ("grpc.keepalive_permit_without_calls", 1)]
    if folder:
        credentials = grpc.ssl_channel_credentials(read(folder, "ca.pem"), read(folder, "client.key"), read(folder, "client.pem"))
        channel = grpc.secure_channel(target, credentials, options + [("grpc.ssl_target_name_override", "localhost")])
        bare = grpc.secure_channel(target, grpc.ssl_channel_credentials(read(folder, "ca.pem")),
                                   [("grpc.ssl_target_name_override", "localhost")])
    else:
        channel, bare = grpc.insecure_channel(target, options), None
    cases = Cases(channel)
    run = {name[5:]: getattr(cases, name) for name in dir(cases) if name.startswith("case_")}
    if bare:
        run["no_client_certificate"] = lambda: cases.fails(
            grpc.StatusCode.UNAVAILABLE, lambda: bare.unary_unary("/skep.probe.Probe/Unary")(ask(), timeout=20))
    for name, act in run.items():
        try:
            act()
            print("ok", name, flush=True)
        except Exception as e:
            print("FAIL %s: %s %r" % (name, type(e).__name__, e), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve(sys.argv[2], sys.argv[3])
    else:
        client(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
