/** An application that takes its time with answers: a slow one, and one that comes in parts. */
module.exports = ({ http }) => {
  http.on("request", (request, response) => {
    if (request.url === "/slow") setTimeout(() => response.end("slow"), 1000);
    else if (request.url === "/stream") stream(response, 5);
    else response.end("at once");
  });
  return () => void process.stdout.write("the application ends\n");
};

function stream(response, left) {
  if (left === 0) response.end("end");
  else {
    response.write("part ");
    setTimeout(stream, 200, response, left - 1);
  }
}
