-- Listings cost the same however many builds there were: BuildListings names the index of each.

DROP INDEX build_in_queue;
DROP INDEX build_by_builder;
DROP INDEX build_by_owner;

-- The queue in its order. Only queued builds are in these, so they are small. The last columns are what filters look at beside.
CREATE INDEX build_in_queue ON build (queue, score DESC, id, state) WHERE queue IS NOT NULL;
CREATE INDEX build_in_queue_by_owner ON build (owner, queue, score DESC, id, processor, state) WHERE queue IS NOT NULL;
CREATE INDEX build_in_queue_by_processor ON build (processor, queue, score DESC, id, state) WHERE queue IS NOT NULL;

-- All builds, by number.
CREATE INDEX build_by_builder ON build (builder, id, state) WHERE builder IS NOT NULL;
CREATE INDEX build_by_owner ON build (owner, id, processor);
CREATE INDEX build_by_owner_and_state ON build (owner, state);
CREATE INDEX build_by_processor ON build (processor);
CREATE INDEX build_by_processor_and_state ON build (processor, state);
