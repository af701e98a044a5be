// Many open pages in one process: sockets that join a topic and note when a signal reaches them. Asked by lines of JSON:
//   {"open": {"port", "count", "cookie", "topic"}} → {"joined"}            opens so many more
//   {"expect": {"id", "count"}} → {"armed"}, then {"got", "last"}          `last` in milliseconds since 1970
import readline from "node:readline";
import WebSocket from "ws";

const SECONDS = 10;
const WAVE = 50;
const clock = () => performance.timeOrigin + performance.now();
const say = (told) => process.stdout.write(`${JSON.stringify(told)}\n`);
let expected = null;

function note(payload) {
  if (expected?.id !== payload?.id) return;
  expected.got += 1;
  expected.last = clock();
  if (expected.got === expected.count) finish();
}

function finish() {
  clearTimeout(expected.timer);
  const { got, last } = expected;
  expected = null;
  say({ got, last });
}

function open({ port, cookie, topic }) {
  return new Promise((joined, failed) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`, {
      headers: { Cookie: cookie, Origin: `http://127.0.0.1:${port}` },
      perMessageDeflate: false,
    });
    socket.on("error", failed);
    socket.on("close", () => failed(new Error("closed")));
    socket.on("message", (data) => {
      const text = data.toString();
      if (text[0] === "0") socket.send("40");
      else if (text[0] === "2") socket.send("3");
      else if (text.startsWith("40")) socket.send(`420${JSON.stringify(["subscribe", { topics: [topic] }])}`);
      else if (text.startsWith("430")) {
        const [answer] = JSON.parse(text.slice(3));
        if (answer.joined.includes(topic)) joined();
        else failed(new Error(`refused: ${topic}`));
      } else if (text.startsWith("42")) note(JSON.parse(text.slice(2))[1]);
    });
  });
}

async function openMany(wanted) {
  for (let done = 0; done < wanted.count; done += WAVE) {
    await Promise.all(Array.from({ length: Math.min(WAVE, wanted.count - done) }, () => open(wanted)));
  }
  say({ joined: wanted.count });
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const asked = JSON.parse(line);
  if (asked.open) {
    openMany(asked.open).catch((error) => {
      console.error(error);
      process.exit(1);
    });
  } else {
    expected = { ...asked.expect, got: 0, last: 0, timer: setTimeout(finish, SECONDS * 1000) };
    say({ armed: true });
  }
});
