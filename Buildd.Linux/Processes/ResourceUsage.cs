namespace Buildd.Linux.Processes;

/// <summary>What processes have used.</summary>
/// <param name="CpuTime">Processor time, in user and in kernel mode, of all processes together.</param>
/// <param name="PeakMemoryBytes">
/// The most memory that was in use at a time; null where the kernel does not tell, because the controller for memory is not on
/// in the control group.
/// </param>
public sealed record ResourceUsage(TimeSpan CpuTime, long? PeakMemoryBytes);
