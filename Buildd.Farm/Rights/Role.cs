namespace Buildd.Farm.Rights;

/// <summary>The teams that every farm has from its first start, by their numbers. Their members look after what is others'.</summary>
internal enum Role
{
    /// <summary>May do everything: <c>admins</c>.</summary>
    Administrator = 1,

    /// <summary>Look after builders, and after builds whoever's they are: <c>buildd-admins</c>.</summary>
    BuildFarmAdministrator = 2,

    /// <summary>Look after archives and live filesystems whoever's they are: <c>ppa-admins</c>.</summary>
    ArchiveAdministrator = 3,
}

/// <summary>The names of roles.</summary>
internal static class RoleNames
{
    /// <summary>The team's name.</summary>
    internal static string ToName(this Role role) => role switch
    {
        Role.Administrator => "admins",
        Role.BuildFarmAdministrator => "buildd-admins",
        Role.ArchiveAdministrator => "ppa-admins",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "There is no such role."),
    };
}
