using Buildd.Farm;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;

namespace Buildd.UnitTests.Farm.Store;

/// <summary>The engines that a store may have; a fixture of records is run on each.</summary>
public enum Engine
{
    /// <summary>A file.</summary>
    Sqlite,

    /// <summary>A real server of the tests' own.</summary>
    Postgresql,
}

/// <summary>An empty farm's records on an engine, opened as often as the test likes; each time is another process's view.</summary>
internal sealed class EngineBench(Engine engine) : IAsyncDisposable
{
    private readonly StoreBench? _sqlite = engine == Engine.Sqlite ? new StoreBench() : null;
    private readonly PostgresBench? _postgres = engine == Engine.Postgresql ? new PostgresBench() : null;

    /// <summary>The machine's administrator.</summary>
    internal static Actor Local { get; } = Actor.Local("tests");

    internal FarmStore OpenStore(TimeProvider? time = null) => _sqlite is null ? _postgres!.Open(time) : _sqlite.Open(time);

    internal FarmRecords Open(TimeProvider? time = null) => new(OpenStore(time));

    public async ValueTask DisposeAsync()
    {
        if (_sqlite is not null)
            await _sqlite.DisposeAsync();
        if (_postgres is not null)
            await _postgres.DisposeAsync();
    }
}
