/** An application that publishes at its end, without waiting for anything. */
module.exports = ({ exchange }) => {
  return () => {
    for (let n = 0; n < 100; n += 1) void exchange.transmitPublish("news", n);
  };
};
