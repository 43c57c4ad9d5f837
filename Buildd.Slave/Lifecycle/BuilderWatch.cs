namespace Buildd.Slave.Lifecycle;

/// <summary>
/// Tells a program that has a slave in it what the slave does: for a display, or for whoever supervises the program.
/// It is among the services that <see cref="Http.BuilddSlaveServices"/> adds.
/// </summary>
public sealed class BuilderWatch
{
    private readonly Builder _builder;

    internal BuilderWatch(Builder builder) => _builder = builder;

    /// <summary>
    /// Completes when an aborted build has not ended within <see cref="SlaveOptions.AbortDeadline"/> and could not be made to. The slave
    /// takes no build any more; what it holds on to goes with its process. The program is to end, without disposing of the slave, which
    /// would wait for the build, and to be started again: then the slave ends what is left of the build, as after a crash.
    /// </summary>
    public Task Stuck => _builder.Stuck;

    /// <summary>
    /// Looks. This waits for a change that is going on, which is over when it has reached the disk; so an answer also says
    /// that the builder has not got stuck. Any thread may call.
    /// </summary>
    public BuilderActivity Look() => _builder.Look();
}
