import { env, InferenceSession, Tensor } from "onnxruntime-node";
import { binding, initOrt } from "onnxruntime-node/dist/binding.js";

// The runtime reads this when its first session is made. Its warnings concern its own developers.
env.logLevel = "error";

export { binding, env, InferenceSession, initOrt, Tensor };
