/**
 * Entry of the utility process that will run the engine, away from the process that draws.
 * So far it only tells its parent that it is up, and with which Node.
 */
process.parentPort.postMessage({ kind: "ready", node: process.versions.node });
