// Live updates as Node does them: Socket.IO in two processes that share a port, and the Redis adapter between them.
// `node server.mjs <port> <redis address> <processes>`. Signals come from outside, by the channel that its adapters listen to.
import cluster from "node:cluster";
import http from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const [port, address, processes] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4])];

async function serve() {
  const [publisher, subscriber] = ["p", "s"].map(() => createClient({ url: address }));
  await Promise.all([publisher.connect(), subscriber.connect()]);
  const server = http.createServer();
  const io = new Server(server, { transports: ["websocket"], adapter: createAdapter(publisher, subscriber, { key: "bench-live" }) });
  io.on("connection", (socket) => {
    socket.on("subscribe", ({ topics }, answer) => {
      socket.join(topics);
      answer({ joined: topics, refused: [] });
    });
  });
  server.listen(port, "127.0.0.1");
}

if (cluster.isPrimary) {
  for (let n = 0; n < processes; n += 1) cluster.fork();
} else {
  await serve();
}
