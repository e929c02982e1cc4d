import { definePlugin } from "llmrec-bench";
import { bookshelf } from "./bookshelf.js";
import { recentPopularity } from "./recent-popularity.js";
import { titleVariety } from "./title-variety.js";

export default definePlugin({
  name: "llmrec-plugin-example",
  recommenders: [recentPopularity],
  metrics: [titleVariety],
  datasets: [bookshelf],
});
