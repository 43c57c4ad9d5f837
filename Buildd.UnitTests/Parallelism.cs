using NUnit.Framework;

// More than there are processors: most of their time the tests wait, for a process, a socket or the disk.
[assembly: LevelOfParallelism(8)]
