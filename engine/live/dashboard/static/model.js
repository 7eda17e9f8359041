import { Stream } from "./stream.js";
import { top } from "./top.js";

top(new Stream("/dashboard/stream"));
