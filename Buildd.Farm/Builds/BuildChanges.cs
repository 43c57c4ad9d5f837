using System.Data.Common;
using System.Globalization;
using Buildd.Farm.Audit;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Buildd.Master.Builds;

namespace Buildd.Farm.Builds;

/// <summary>What people change of builds: each change is in the audit, by the same transaction. Any thread may call.</summary>
/// <param name="store">Where builds are.</param>
/// <param name="audit">Who changed what.</param>
/// <param name="requests">What was asked for.</param>
internal sealed class BuildChanges(FarmStore store, AuditRecords audit, RequestRecords requests)
{
    private const string Kind = "build";

    /// <summary>Changes a build.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="id">The build's number.</param>
    /// <param name="right">The right to it. A build that is in no archive is changed by those who look after the farm.</param>
    /// <param name="action">What is done, a word for the audit.</param>
    /// <param name="change">Returns the build as it shall be; the same for nothing. It may be called twice.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The build as it is stored then.</returns>
    /// <exception cref="FarmException">There is none for the actor, or they may not.</exception>
    /// <exception cref="BuildStateException">From <paramref name="change"/>.</exception>
    internal Task<Build> ChangeAsync(
        Actor actor, long id, Right<FarmBuild> right, string action, Func<Build, Build> change, CancellationToken cancellationToken) =>
        store.WriteAsync(
            async connection =>
            {
                var build = await store.Builds.FindAsync(connection, id) ?? throw NoSuchBuild(id);
                await DemandAsync(connection, actor, build, right);
                var changed = change(build);
                if (changed == build)
                    return build;
                var stored = (await store.Builds.TryReplaceAsync(connection, [changed]))[0]
                    ?? throw new StoreException($"The build {id} was changed by somebody else meanwhile.", isTransient: true);
                await audit.WriteAsync(connection, actor, action, Kind, build.Cookie.ToString(), Differences(build, stored));
                return stored;
            },
            cancellationToken);

    private static FarmException NoSuchBuild(long id) => FarmException.NotFound($"there is no build {id}");

    private async Task DemandAsync(DbConnection connection, Actor actor, Build build, Right<FarmBuild> right)
    {
        if (await requests.FindAsync(connection, build.Id) is { } asked)
        {
            if (!BuildRights.View.Allows(actor, asked))
                throw NoSuchBuild(build.Id);
            right.Demand(actor, asked, build.Cookie.ToString());
        }
        else if (!actor.Has(Role.BuildFarmAdministrator))
        {
            throw NoSuchBuild(build.Id);
        }
        else
        {
            actor.Demand($"change {build.Cookie}", Role.BuildFarmAdministrator);
        }
    }

    private static List<FieldChange> Differences(Build old, Build changed)
    {
        var differences = new List<FieldChange>();
        if (old.State != changed.State)
            differences.Add(new FieldChange("state", $"\"{old.State.ToName()}\"", $"\"{changed.State.ToName()}\""));
        if (old.Score != changed.Score)
            differences.Add(new FieldChange("score", Number(old.Score), Number(changed.Score)));
        return differences;
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
