namespace Buildd.Farm.Store;

/// <summary>A SELECT that lists or counts records of a table.</summary>
/// <param name="Index">The index that it goes through; null for the engine's choice.</param>
/// <param name="Rest">The end of the statement, from WHERE or ORDER BY on.</param>
/// <param name="Parameters">Its parameters.</param>
internal sealed record SelectStatement(string? Index, string Rest, IReadOnlyDictionary<string, object?> Parameters);
