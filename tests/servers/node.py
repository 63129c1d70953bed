"""The servers that come by npm: Haraka, and the smtp-server of Nodemailer.

``npm install Haraka smtp-server`` in any directory; ``NODE_PATH`` names its ``node_modules``.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.servers.server import PASSWORD, UNKNOWN, USER, MailServer, Place, Variant, log_in

_ACCEPT = """
exports.hook_rcpt = function (next, connection, params) {
  const unknown = /^%s$/.test(`${params[0].user}@${params[0].host}`);
  next(unknown && %s ? DENY : OK, unknown ? 'No such user here' : undefined);
};
"""
_SERVER = """
const { SMTPServer } = require('smtp-server');
const net = require('net'), fs = require('fs'), readline = require('readline');
const o = JSON.parse(process.argv[2]);
const unknown = new RegExp('^' + o.unknown + '$');

function passOn(sender, recipients, body, done) {
  const sock = net.connect(o.sink, '127.0.0.1');
  const steps = ['EHLO mx.test', `MAIL FROM:<${sender}>`];
  for (const one of recipients) steps.push(`RCPT TO:<${one}>`);
  steps.push('DATA');
  let inData = false, over = false;
  readline.createInterface({ input: sock }).on('line', (line) => {
    if (line[3] === '-') return;
    if (over) return;
    if (inData) {
      over = true;
      sock.end('QUIT\\r\\n');
      done(line[0] === '2' ? undefined : new Error(line));
      return;
    }
    if (line.startsWith('354')) {
      inData = true;
      sock.write(body.replace(/^\\./gm, '..') + '.\\r\\n');
      return;
    }
    sock.write(steps.shift() + '\\r\\n');
  });
  sock.on('error', (error) => over || done(error));
}

const server = new SMTPServer({
  secure: o.tls === 'tls',
  key: o.key && fs.readFileSync(o.key),
  cert: o.certificate && fs.readFileSync(o.certificate),
  disabledCommands: [...(o.tls ? [] : ['STARTTLS']), ...(o.auth ? [] : ['AUTH'])],
  authOptional: !o.auth,
  onAuth(auth, session, callback) {
    const right = auth.username === o.user && auth.password === o.password;
    callback(right ? null : new Error('Invalid'), right ? { user: o.user } : undefined);
  },
  onRcptTo(address, session, callback) {
    if (o.refuse && unknown.test(address.address)) {
      const error = new Error('5.1.1 No such user here');
      error.responseCode = 550;
      callback(error);
      return;
    }
    callback();
  },
  onData(stream, session, callback) {
    const parts = [];
    stream.on('data', (part) => parts.push(part));
    stream.on('end', () => {
      const body = Buffer.concat(parts).toString('latin1');
      const to = session.envelope.rcptTo.map((one) => one.address);
      passOn(session.envelope.mailFrom.address, to, body, callback);
    });
  },
});
server.on('error', (error) => console.error(error.message));
server.listen(o.port, '127.0.0.1');
"""


def package(name: str) -> Path | None:
    """Return the directory of an npm package on ``NODE_PATH``."""
    for folder in os.environ.get("NODE_PATH", "").split(os.pathsep):
        if folder and (Path(folder) / name).is_dir():
            return Path(folder) / name
    return None


class Haraka(MailServer):
    """Answers 503 to whatever is written behind the final dot, since a report of smuggling."""

    name = "Haraka"
    hint = "npm install Haraka, and NODE_PATH"
    variants = (
        Variant("plain"),
        Variant("STARTTLS + AUTH", log_in("starttls"), {"tls": "yes", "auth": "yes"}),
    )

    @classmethod
    def missing(cls, place: Place) -> str:
        return "" if place.program("node") and package("Haraka") else cls.hint

    def start(self) -> None:
        found = package("Haraka")
        assert found is not None
        options = self.variant.options
        haraka = [self.place.program("node"), str(found / "bin" / "haraka")]
        home = self.place.directory / "haraka"
        subprocess.run([*haraka, "-i", str(home)], check=True, capture_output=True)
        plugins = ["tls"] * ("tls" in options) + ["auth/flat_file"] * ("auth" in options)
        plugins += ["accept", "queue/smtp_forward"]
        sink = f"host=127.0.0.1\nport={self.place.sink}\nenable_outbound=true\n"
        files = {
            "config/smtp.ini": f"listen=127.0.0.1:{self.port}\nnodes=0\n",
            "config/plugins": "\n".join(plugins) + "\n",
            "config/smtp_forward.ini": sink,
            "config/auth_flat_file.ini": f"[core]\nmethods=PLAIN\n[users]\n{USER}={PASSWORD}\n",
            "config/tls.ini": "",
            "config/tls_cert.pem": self.place.certificate.read_text(encoding="utf-8"),
            "config/tls_key.pem": self.place.key.read_text(encoding="utf-8"),
            "config/me": "mx.vestnik.test\n",
            "plugins/accept.js": _ACCEPT % (UNKNOWN, json.dumps(self.variant.unknown)),
        }
        for name, text in files.items():
            self.write(f"haraka/{name}", text)
        self.spawn([*haraka, "-c", str(home)], home)
        self.wait_until_it_listens()


class SmtpServerOfNode(MailServer):
    """Nodemailer's server with a handler that passes letters on."""

    name = "smtp-server"
    hint = "npm install smtp-server, and NODE_PATH"
    variants = (
        Variant("plain"),
        Variant("STARTTLS + AUTH", log_in("starttls"), {"tls": "starttls", "auth": "yes"}),
        Variant("TLS", {"SECURITY": "tls"}, {"tls": "tls"}),
    )

    @classmethod
    def missing(cls, place: Place) -> str:
        return "" if place.program("node") and package("smtp-server") else cls.hint

    def start(self) -> None:
        options_given = {
            "port": self.port,
            "sink": self.place.sink,
            "unknown": UNKNOWN,
            "refuse": self.variant.unknown,
            "user": USER,
            "password": PASSWORD,
            "certificate": str(self.place.certificate),
            "key": str(self.place.key),
            **self.variant.options,
        }
        script = self.write("server.js", _SERVER)
        self.spawn([self.place.program("node"), str(script), json.dumps(options_given)])
        self.wait_until_it_listens()
