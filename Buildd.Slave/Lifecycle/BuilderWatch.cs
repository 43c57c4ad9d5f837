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
    /// Looks. This waits for a change that is going on, which is over when it has reached the disk; so an answer also says
    /// that the builder has not got stuck. Any thread may call.
    /// </summary>
    public BuilderActivity Look() => _builder.Look();
}
