namespace Buildd.Master.Builds;

/// <summary>The names and titles that Launchpad gives to states.</summary>
public static class BuildNames
{
    private static readonly (BuildState State, string Name, string Title)[] Table =
    [
        (BuildState.NeedsBuild, "NEEDSBUILD", "Needs building"),
        (BuildState.FullyBuilt, "FULLYBUILT", "Successfully built"),
        (BuildState.FailedToBuild, "FAILEDTOBUILD", "Failed to build"),
        (BuildState.ManualDepWait, "MANUALDEPWAIT", "Dependency wait"),
        (BuildState.ChrootWait, "CHROOTWAIT", "Chroot problem"),
        (BuildState.Superseded, "SUPERSEDED", "Build for superseded Source"),
        (BuildState.Building, "BUILDING", "Currently building"),
        (BuildState.FailedToUpload, "FAILEDTOUPLOAD", "Failed to upload"),
        (BuildState.Uploading, "UPLOADING", "Uploading build"),
        (BuildState.Cancelling, "CANCELLING", "Cancelling build"),
        (BuildState.Cancelled, "CANCELLED", "Cancelled build"),
        (BuildState.Gathering, "GATHERING", "Gathering build output"),
    ];

    /// <summary>The name in mail headers, log names and commands, such as <c>FULLYBUILT</c>.</summary>
    public static string ToName(this BuildState state) => Row(state).Name;

    /// <summary>The words for people, such as <c>Successfully built</c>.</summary>
    public static string ToTitle(this BuildState state) => Row(state).Title;

    /// <summary>The state of a name; false when there is none such.</summary>
    public static bool TryParse(string name, out BuildState state)
    {
        var row = Array.Find(Table, row => row.Name == name);
        state = row.State;
        return row.Name is not null;
    }

    private static (BuildState State, string Name, string Title) Row(BuildState state) =>
        Array.Find(Table, row => row.State == state) is { Name: not null } row
            ? row
            : throw new ArgumentOutOfRangeException(nameof(state), state, "There is no such state.");
}
