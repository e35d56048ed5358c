"""The whole content of a database as text, to compare two moments."""

import sqlite3

from sqlalchemy import create_engine, text

from tests.service import Service

TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name"


def dump(service: Service) -> list[str]:
    """Every row of every table, including search indexes, sequences and tables that are not ours."""
    url = service.services.settings.url
    if url.get_backend_name() == "sqlite":
        connection = sqlite3.connect(f"file:{url.database}?mode=ro", uri=True)
        try:
            return list(connection.iterdump())
        finally:
            connection.close()
    engine = create_engine(url)
    with engine.connect() as reader:
        rows = [
            f"{table}: {row}"
            for table in reader.execute(text(TABLES)).scalars().all()
            for row in sorted(reader.execute(text(f'SELECT each::text FROM "{table}" AS each')).scalars())
        ]
    engine.dispose()
    return rows
