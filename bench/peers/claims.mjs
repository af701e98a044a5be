// The least a server can do with a tap: no database, no page, the first of each slot wins. `node claims.mjs <port>`
import http from "node:http";

const winners = new Map();

const server = http.createServer((request, response) => {
  if (request.method === "GET") {
    response.writeHead(200, { "Content-Length": 2 }).end("ok");
    return;
  }
  request.resume();
  const [slot, offer] = request.url.split("/")[2].split(".");
  if (!winners.has(slot)) winners.set(slot, offer);
  const held = winners.get(slot) === offer;
  const body = held ? "It is yours." : "Just taken, you stay on the list.";
  response
    .writeHead(held ? 200 : 409, { "Content-Type": "text/plain", "Content-Length": body.length })
    .end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.argv[2]), "127.0.0.1");
