using Buildd.Farm.Archives;
using Buildd.Farm.LiveFilesystems;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using static Buildd.Farm.Rights.Clauses;

namespace Buildd.Farm.Builds;

/// <summary>What may be done to builds, and who may. Conditions are for rows of <c>request</c>.</summary>
internal static class BuildRights
{
    /// <summary>To see it, its log and its files: who may see both its archive and its live filesystem.</summary>
    internal static Right<FarmBuild> View { get; } = new(
        "see the build",
        new Clause<FarmBuild>(
            "those who see its archive and its live filesystem",
            (actor, build) => ArchiveRights.View.Allows(actor, build.Archive)
                && (build.LiveFs is null || LiveFsRights.View.Allows(actor, build.LiveFs)),
            actor => Sql.All([
                InArchive(ArchiveRights.View.For(actor)), Sql.Any([$"request.livefs IS NULL", OfLiveFs(LiveFsRights.View.For(actor))])])));

    /// <summary>To cancel it, and to try it again.</summary>
    internal static Right<FarmBuild> Edit { get; } = new(
        "change the build",
        View,
        new Clause<FarmBuild>(
            "who asked for it",
            (actor, build) => build.Request.Requester is { } requester && actor.PersonId == requester,
            actor => $"request.requester = {actor.PersonId ?? 0}"),
        new Clause<FarmBuild>(
            "those who may edit its live filesystem, or its archive if it has none",
            (actor, build) => build.LiveFs is null
                ? ArchiveRights.Edit.Allows(actor, build.Archive)
                : LiveFsRights.Edit.Allows(actor, build.LiveFs),
            actor => Sql.Any([
                Sql.All([$"request.livefs IS NULL", InArchive(ArchiveRights.Edit.For(actor))]),
                OfLiveFs(LiveFsRights.Edit.For(actor))])),
        Of<FarmBuild>(Role.BuildFarmAdministrator));

    /// <summary>To set its score.</summary>
    internal static Right<FarmBuild> Administer { get; } = new(
        "set the score of the build", View, Of<FarmBuild>(Role.BuildFarmAdministrator));

    private static Sql InArchive(Sql condition) =>
        $"EXISTS (SELECT 1 FROM archive WHERE archive.id = request.archive AND {condition})";

    private static Sql OfLiveFs(Sql condition) =>
        $"EXISTS (SELECT 1 FROM livefs WHERE livefs.id = request.livefs AND {condition})";
}
