namespace Buildd.Benchmarks.Harness;

/// <summary>A side did not do what was to be measured, so that its figure would mean nothing.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);
