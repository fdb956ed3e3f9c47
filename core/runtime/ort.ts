import { env, InferenceSession, Tensor } from "onnxruntime-node";
import { binding, initOrt } from "onnxruntime-node/dist/binding.js";

// The runtime reads this when its first session is made. What it would print as an error it throws as well.
env.logLevel = "fatal";

export { binding, env, InferenceSession, initOrt, Tensor };
